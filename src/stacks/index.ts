import { stack as goNetDialer } from './go-net-dialer.ts';
import { stack as javaSocket } from './java-socket.ts';
import { stack as libpqPsycopg } from './libpq-psycopg.ts';
import { stack as nodeHttpAgentGlobal } from './node-http-agent-global.ts';
import { stack as nodeIoredis } from './node-ioredis.ts';
import { stack as nodeNet } from './node-net.ts';
import { stack as nodeRedis } from './node-redis.ts';
import { stack as pgjdbc } from './pgjdbc.ts';
import { stack as pythonRedisPy } from './python-redis-py.ts';
import { stack as pythonRequests } from './python-requests.ts';
import { stack as pythonSocket } from './python-socket.ts';
import { stack as pythonUrllib3 } from './python-urllib3.ts';
import type { Stack } from './stack.ts';

/** The stacks by id, those to be named first in front. A test names the lines to add for a new file. */
export const stacks: Readonly<Record<string, Stack>> = {
  'libpq-psycopg': libpqPsycopg,
  pgjdbc,
  'python-redis-py': pythonRedisPy,
  'node-redis': nodeRedis,
  'node-ioredis': nodeIoredis,
  'python-requests': pythonRequests,
  'node-http-agent-global': nodeHttpAgentGlobal,
  'python-urllib3': pythonUrllib3,
  'python-socket': pythonSocket,
  'go-net-dialer': goNetDialer,
  'node-net': nodeNet,
  'java-socket': javaSocket,
};
