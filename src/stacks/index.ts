import { stack as agentkeepalive } from './agentkeepalive.ts';
import { stack as apacheHttpd } from './apache-httpd.ts';
import { stack as arangodbServer } from './arangodb-server.ts';
import { stack as axiosNode } from './axios-node.ts';
import { stack as caddy } from './caddy.ts';
import { stack as curlCli } from './curl-cli.ts';
import { stack as dotnetKestrel } from './dotnet-kestrel.ts';
import { stack as dotnetSocketshttphandler } from './dotnet-socketshttphandler.ts';
import { stack as envoy } from './envoy.ts';
import { stack as goHttpServer } from './go-http-server.ts';
import { stack as goHttpTransport } from './go-http-transport.ts';
import { stack as goNetDialer } from './go-net-dialer.ts';
import { stack as gunicorn } from './gunicorn.ts';
import { stack as haproxy } from './haproxy.ts';
import { stack as hyperUtil } from './hyper-util.ts';
import { stack as hypercorn } from './hypercorn.ts';
import { stack as javaHttpclient } from './java-httpclient.ts';
import { stack as javaSocket } from './java-socket.ts';
import { stack as jetty } from './jetty.ts';
import { stack as libpqPsycopg } from './libpq-psycopg.ts';
import { stack as nginx } from './nginx.ts';
import { stack as nodeHttpAgentGlobal } from './node-http-agent-global.ts';
import { stack as nodeHttpServer26 } from './node-http-server-26.ts';
import { stack as nodeHttpServerLegacy } from './node-http-server-legacy.ts';
import { stack as nodeIoredis } from './node-ioredis.ts';
import { stack as nodeNet } from './node-net.ts';
import { stack as nodeRedis } from './node-redis.ts';
import { stack as okhttp } from './okhttp.ts';
import { stack as pgjdbc } from './pgjdbc.ts';
import { stack as puma } from './puma.ts';
import { stack as pythonAiohttpClient } from './python-aiohttp-client.ts';
import { stack as pythonAiohttpServer } from './python-aiohttp-server.ts';
import { stack as pythonArango } from './python-arango.ts';
import { stack as pythonHttpx } from './python-httpx.ts';
import { stack as pythonRedisPy } from './python-redis-py.ts';
import { stack as pythonRequests } from './python-requests.ts';
import { stack as pythonSocket } from './python-socket.ts';
import { stack as pythonUrllib3 } from './python-urllib3.ts';
import { stack as reqwest } from './reqwest.ts';
import { stack as springBoot } from './spring-boot.ts';
import type { Stack } from './stack.ts';
import { stack as tomcat } from './tomcat.ts';
import { stack as traefik } from './traefik.ts';
import { stack as undiciFetch } from './undici-fetch.ts';
import { stack as uvicorn } from './uvicorn.ts';
import { stack as uwsgi } from './uwsgi.ts';

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
  nginx,
  haproxy,
  envoy,
  traefik,
  caddy,
  gunicorn,
  uvicorn,
  hypercorn,
  uwsgi,
  'python-aiohttp-server': pythonAiohttpServer,
  'node-http-server-legacy': nodeHttpServerLegacy,
  'node-http-server-26': nodeHttpServer26,
  'go-http-server': goHttpServer,
  puma,
  'apache-httpd': apacheHttpd,
  tomcat,
  jetty,
  'spring-boot': springBoot,
  'dotnet-kestrel': dotnetKestrel,
  'arangodb-server': arangodbServer,
  'python-aiohttp-client': pythonAiohttpClient,
  'python-httpx': pythonHttpx,
  'python-arango': pythonArango,
  'undici-fetch': undiciFetch,
  'axios-node': axiosNode,
  agentkeepalive,
  'go-http-transport': goHttpTransport,
  'java-httpclient': javaHttpclient,
  okhttp,
  reqwest,
  'hyper-util': hyperUtil,
  'dotnet-socketshttphandler': dotnetSocketshttphandler,
  'curl-cli': curlCli,
};
