import { GO_KEEPALIVE, type StackFacts } from '../stack.ts';
import { goDialer } from './go-net-dialer.ts';

export const stack = {
  name: 'go-sql-driver/mysql, Go 1.23 and later',
  source: 'https://github.com/go-sql-driver/mysql/blob/416cd99d463949ca51faf4f84d674de2fc1aa54b/connector.go',
  note: '1.10.0; database/sql keeps two idle connections without a limit, so set SetConnMaxLifetime below 5 min',
  keepalive: GO_KEEPALIVE,
  switchOn: (values) => [
    ...goDialer(values),
    'mysql.RegisterDialContext("tcp", func(ctx context.Context, addr string) (net.Conn, error) { return dialer.DialContext(ctx, "tcp", addr) })',
  ],
} satisfies StackFacts;
