import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const DAY_MS = 86_400_000;

/** A self-signed certificate for a test: `key` and `cert` in PEM, `file` for NODE_EXTRA_CA_CERTS. */
export interface TestCertificate {
  key: string;
  cert: string;
  file: string;
}

/** What to write into it. Days count from now and may be negative. */
interface Wish {
  commonName?: string;
  /** As openssl's subjectAltName has it. */
  names?: string;
  fromDay: number;
  toDay: number;
}

/** Makes a certificate with openssl; `ca -selfsign` is the one way of OpenSSL 3.0 to choose both dates. `folder` must be empty. */
export function makeCertificate(
  folder: string,
  { commonName = 'localhost', names = 'DNS:localhost,IP:127.0.0.1', fromDay, toDay }: Wish,
): TestCertificate {
  const path = (name: string): string => join(folder, name);
  const date = (day: number): string =>
    `${new Date(Date.now() + day * DAY_MS).toISOString().replace(/[-:T]|\..*/g, '')}Z`;
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  };
  const config = [
    ['[ca]', 'default_ca = here'],
    ['[here]', 'database = index.txt', 'serial = serial', 'new_certs_dir = .', 'default_md = sha256', 'policy = any'],
    ['[any]', 'commonName = supplied'],
    ['[extensions]', `subjectAltName = ${names}`],
  ];
  writeFileSync(path('openssl.cnf'), config.flat().join('\n'));
  writeFileSync(path('index.txt'), '');
  writeFileSync(path('serial'), '01');
  openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', 'key.pem');
  openssl('req', '-new', '-utf8', '-key', 'key.pem', '-subj', `/CN=${commonName}`, '-out', 'request.pem');
  const dates = ['-startdate', date(fromDay), '-enddate', date(toDay)];
  openssl(
    'ca',
    '-batch',
    '-utf8',
    '-config',
    'openssl.cnf',
    '-extensions',
    'extensions',
    '-selfsign',
    '-keyfile',
    'key.pem',
    '-in',
    'request.pem',
    '-out',
    'cert.pem',
    ...dates,
  );
  return {
    key: readFileSync(path('key.pem'), 'utf8'),
    cert: readFileSync(path('cert.pem'), 'utf8'),
    file: path('cert.pem'),
  };
}
