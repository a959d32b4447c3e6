import { GO_KEEPALIVE, type StackFacts } from '../stack.ts';
import { goDialer } from './go-net-dialer.ts';

export const stack = {
  name: 'pgx and pgxpool, Go 1.23 and later',
  schemes: ['postgres', 'postgresql'],
  source: 'https://github.com/jackc/pgx/blob/728cefa8008f2b06aeca071cd3239862aa80f9af/pgxpool/pool.go',
  note: '5.10.0; the pool closes connections idle for 30 min',
  keepalive: GO_KEEPALIVE,
  switchOn: (values) => [...goDialer(values), 'config.ConnConfig.DialFunc = dialer.DialContext'],
} satisfies StackFacts;
