import type { StackFacts } from '../stack.ts';
import { goDialer } from './go-net-dialer.ts';

export const stack = {
  name: 'go-redis 9',
  schemes: ['redis', 'rediss'],
  source: 'https://github.com/redis/go-redis/blob/216593cc01faa029006266a5f1fc3d5004312ecf/options.go',
  note: '9.22; older releases had one period of 5 min (recalled). ConnMaxIdleTime: 30 min',
  keepalive: { idleMs: 30_000, intervalMs: 5000, count: 3 },
  switchOn: (values) => [
    ...goDialer(values),
    'client := redis.NewClient(&redis.Options{Addr: "HOST:6379",',
    '    Dialer: func(ctx context.Context, network, addr string) (net.Conn, error) { return dialer.DialContext(ctx, network, addr) }})',
  ],
} satisfies StackFacts;
