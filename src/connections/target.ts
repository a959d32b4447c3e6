import { isIP, isIPv6 } from 'node:net';
import { domainToASCII } from 'node:url';
import { UsageError } from '../base/errors.ts';
import type { Scheme } from './applications/application.ts';
import { applications } from './applications/registry.generated.ts';

/** What the schemes of targets bring along: those of the applications, and two without a protocol of their own. */
const SCHEMES: Readonly<Record<string, Scheme>> = {
  tcp: { port: null, tls: false },
  tls: { port: 443, tls: true },
  ...Object.fromEntries(Object.values(applications).flatMap(({ schemes }) => Object.entries(schemes))),
};

/** Every scheme that a target may have. */
export const SCHEME_NAMES: readonly string[] = Object.keys(SCHEMES);

/** An endpoint to look at. */
export interface Target {
  /** As it was given, without any user name and password. */
  label: string;
  scheme: string;
  /** Whether the scheme asks for a TLS handshake. */
  tls: boolean;
  /** A host name in ASCII, or a literal address without brackets. */
  host: string;
  port: number;
}

/**
 * Reads `host:port`, `[v6]:port` or a URL. Throws a UsageError that quotes the text, but never a password in it.
 */
export function parseTarget(text: string): Target {
  if (text.length > 2048) throw new UsageError('a target is longer than 2048 characters');
  const [, schemeText, rest] = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/is.exec(text) ?? [];
  if (schemeText === undefined || rest === undefined) return parseAuthority(text, 'tcp', { label: text });
  const scheme = schemeText.toLowerCase();
  // Path, query and fragment do not matter to TCP.
  const [, userInfoAndHost = '', path = ''] = /^([^/?#]*)([^?#]*)/s.exec(rest) ?? [];
  const authority = userInfoAndHost.slice(userInfoAndHost.lastIndexOf('@') + 1);
  // An @ in the path may be the end of a password with a slash in it, as in redis://user:123/secret@host.
  const shownPath = path.includes('@') ? '' : path;
  return parseAuthority(authority, scheme, { label: `${scheme}://${authority}${shownPath}`, quoted: text });
}

/** An http or https URL. */
export interface HttpTarget extends Target {
  scheme: 'http' | 'https';
  /** Path and query as they go on the wire (RFC 9112, section 3.2.1). The label has no query: it may hold a password. */
  path: string;
}

/** Reads an http or https URL. Throws a UsageError as `parseTarget` does, and for anything else. */
export function parseHttpTarget(text: string): HttpTarget {
  const [, scheme, pathAndQuery = ''] = /^(https?):\/\/[^/?#]*([^#]*)/is.exec(text.slice(0, 2049)) ?? [];
  if (scheme === undefined) {
    throw new UsageError(`${named(text)} is no http or https URL`, 'for example https://app.example/health');
  }
  const target = parseTarget(text);
  // Percent-encodes what may not stand in a request.
  const { pathname, search } = new URL(`http://h${pathAndQuery}`);
  return { ...target, scheme: target.tls ? 'https' : 'http', path: pathname + search };
}

function parseAuthority(
  authority: string,
  scheme: string,
  { label, quoted = label }: { label: string; quoted?: string },
): Target {
  const what = named(quoted);
  const known = Object.hasOwn(SCHEMES, scheme) ? SCHEMES[scheme] : undefined;
  if (known === undefined)
    throw new UsageError(`unknown scheme '${scheme}://' in ${what}`, `known are ${SCHEME_NAMES.join(', ')}`);
  const { port: defaultPort, tls } = known;
  const [, bracketed, plain = '', portText] = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::([^:]*))?$/s.exec(authority) ?? [];
  if (bracketed === undefined && plain === '' && portText === undefined) {
    const address = authority.replace(/^\[?(.*?)\]?$/s, '$1');
    if (authority.includes(':') && (isIPv6(address) || isIPv6(address.replace(/:\d+$/, '')))) {
      throw new UsageError(`${what} is an IPv6 address without brackets`, 'write [::1]:5432');
    }
    if (authority === '')
      throw new UsageError(
        label === '' ? 'a target is empty' : `${what} has no host`,
        'write host:port, [v6]:port or a URL',
      );
    throw new UsageError(`${what} cannot be read`, 'write host:port, [v6]:port or a URL');
  }
  const host = bracketed === undefined ? hostName(plain, what) : addressV6(bracketed, what);
  return { label, scheme, tls, host, port: portNumber(portText, defaultPort, what) };
}

function addressV6(text: string, what: string): string {
  // A zone names an interface: what it may hold is kept narrow, since it ends up in other programs' arguments.
  if (!isIPv6(text) || !/^[0-9a-f:.]+(%[a-z0-9_.-]{1,15})?$/i.test(text)) {
    throw new UsageError(`${what} has no IPv6 address between its brackets`, 'write [::1]:5432');
  }
  return text;
}

function hostName(text: string, what: string): string {
  if (text === '') throw new UsageError(`${what} has no host`, 'write host:port, [v6]:port or a URL');
  if (isIP(text) === 4) return text;
  if (text.startsWith('-'))
    throw new UsageError(`${what} begins with a dash: that is no host name`, 'options go before the targets');
  // domainToASCII() takes a host as URLs do: it would skip tabs and stop at a slash or a question mark.
  const ascii = /[^a-z0-9._\u0080-\uffff-]/i.test(text) ? '' : domainToASCII(text);
  const labels = ascii.replace(/\.$/, '').split('.');
  if (ascii.length > 253 || !labels.every((label) => /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i.test(label))) {
    throw new UsageError(
      `${what} has no valid host name`,
      'letters, digits, dots and dashes; an IPv6 address goes in brackets',
    );
  }
  return ascii;
}

function portNumber(text: string | undefined, defaultPort: number | null, what: string): number {
  if (text === undefined || text === '') {
    if (defaultPort !== null && text === undefined) return defaultPort;
    throw new UsageError(`${what} has no port`, 'write host:port, or a URL whose scheme has one');
  }
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535)
    throw new UsageError(`${what} has no valid port`, 'a port is a number from 1 to 65535');
  return port;
}

/** A target in a message: whatever stands before the last @ or in a query may hold a password, wherever it was meant to go. */
function named(text: string): string {
  const safe = text.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/is, '$1').replace(/[?#].*$/s, '');
  return `target '${safe.length > 80 ? `${safe.slice(0, 77)}...` : safe}'`;
}
