import { type StackFacts, wholeSeconds } from '../stack.ts';

export const stack = {
  name: 'tonic (gRPC in Rust)',
  source:
    'https://github.com/hyperium/tonic/blob/a55efae785d6628bfc832fdbe7ca7d024d000cdb/tonic/src/transport/channel/endpoint.rs',
  note: '0.14; the interval and the count are those of the host',
  keepalive: null,
  switchOn: ({ idleMs }) => [`endpoint.tcp_keepalive(Some(Duration::from_secs(${wholeSeconds(idleMs)})))`],
} satisfies StackFacts;
