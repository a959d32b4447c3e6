/** What a list of sockets says about TIME_WAIT: who closes, how fast, whether connections are reused, how many ports are left. */

import { endpoint } from '../../base/endpoint.ts';
import type { TcpState } from '../../base/tcp-state.ts';
import {
  blockedForMs as blockedFor,
  countPorts,
  type PortRange,
  type PortSettings,
} from '../../keepalive/kernel-timers.ts';
import type { CloseRate, PortsLeft, ReuseThresholds, TimeWaitFlow, TimeWaitService } from './report.ts';

/** From when on kaprobe speaks of connections that are not reused. */
export const REUSE_THRESHOLDS: ReuseThresholds = { minConnections: 30, minPerSecond: 0.5, maxMeanLifeMs: 10_000 };

/** In how many parts the window of a rate is cut. */
const PARTS = 6;
/** Fewer say nothing about a trend. */
const LEAST_FOR_TREND = 30;

/** One socket. IPv4-mapped addresses are written as IPv4. */
export interface FlowSocket {
  state: TcpState;
  localAddress: string;
  localPort: number;
  remoteAddress: string;
  remotePort: number;
  /** In TIME_WAIT: until it is forgotten; else null. */
  timeWaitLeftMs: number | null;
}

/** One flow: what it is, and the sockets of it. */
export interface Flow<S extends FlowSocket> extends Pick<TimeWaitFlow, 'side' | 'sideKnownBy' | 'client' | 'service'> {
  sockets: S[];
}

/**
 * The rate at which this side closes connections, from what each socket in TIME_WAIT has left of `windowMs`. A timer that has run out and
 * not fired yet (they fire late, by up to an eighth) stands for a connection closed longer ago.
 */
export function closeRate(
  timeWaitLeftMs: readonly number[],
  { windowMs, isLowerBound }: { windowMs: number; isLowerBound: boolean },
): CloseRate {
  const sixths = Array.from({ length: PARTS }, () => 0);
  for (const leftMs of timeWaitLeftMs) {
    if (leftMs <= 0) continue;
    const part = Math.max(0, Math.ceil(((windowMs - leftMs) / windowMs) * PARTS) - 1);
    sixths[part] = (sixths[part] ?? 0) + 1;
  }
  const closed = sum(sixths);
  return {
    windowMs,
    closed,
    sixths,
    perSecond: round((closed * 1000) / windowMs),
    recentPerSecond: round(((sixths[0] ?? 0) * PARTS * 1000) / windowMs),
    trend: trendOf(sum(sixths.slice(0, PARTS / 2)), sum(sixths.slice(PARTS / 2))),
    isLowerBound,
  };
}

/** More than chance does: twice the standard deviation of a difference of two counts, and a quarter. */
function trendOf(newer: number, older: number): CloseRate['trend'] {
  if (newer + older < LEAST_FOR_TREND) return null;
  const isChance = Math.abs(newer - older) <= 2 * Math.sqrt(newer + older);
  if (isChance || Math.max(newer, older) < 1.25 * Math.min(newer, older)) return 'steady';
  return newer > older ? 'rising' : 'falling';
}

const round = (value: number): number => Math.round(value * 100) / 100;
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/**
 * Sorts sockets into flows. Which end of a connection is the service is told by the listeners of this host; else by which port comes again;
 * else by which one lies in the range of outgoing connections. Listeners themselves belong to no flow.
 */
export function flowsOf<S extends FlowSocket>(sockets: readonly S[], range: PortRange | null): Flow<S>[] {
  const listening = listenersAmong(sockets);
  const times = new Map<string, number>();
  const count = (key: string): void => {
    times.set(key, (times.get(key) ?? 0) + 1);
  };
  const connections = sockets.filter(({ state }) => state !== 'listen' && state !== 'bound-inactive');
  for (const socket of connections) {
    count(`l${localOf(socket)}`);
    count(`r${remoteOf(socket)}`);
  }
  const inRange = (port: number): boolean => range !== null && port >= range[0] && port <= range[1];
  const sideOf = (socket: S): Pick<TimeWaitFlow, 'side' | 'sideKnownBy'> => {
    if (listening(socket.localAddress, socket.localPort)) return { side: 'server', sideKnownBy: 'listener' };
    if (listening(socket.remoteAddress, socket.remotePort) && isLocal(socket))
      return { side: 'client', sideKnownBy: 'listener' };
    const [local, remote] = [times.get(`l${localOf(socket)}`) ?? 0, times.get(`r${remoteOf(socket)}`) ?? 0];
    if (local !== remote) return { side: local > remote ? 'server' : 'client', sideKnownBy: 'repetition' };
    const [localInside, remoteInside] = [inRange(socket.localPort), inRange(socket.remotePort)];
    if (localInside !== remoteInside) return { side: localInside ? 'client' : 'server', sideKnownBy: 'port-range' };
    return { side: 'client', sideKnownBy: 'assumed' };
  };
  const flows = new Map<string, Flow<S>>();
  for (const socket of connections) {
    const { side, sideKnownBy } = sideOf(socket);
    const client = side === 'client' ? socket.localAddress : socket.remoteAddress;
    const service = side === 'client' ? remoteOf(socket) : localOf(socket);
    const key = `${side} ${client} ${service}`;
    const flow = flows.get(key);
    if (flow === undefined) flows.set(key, { side, sideKnownBy, client, service, sockets: [socket] });
    else flow.sockets.push(socket);
  }
  return [...flows.values()];
}

/** Reports of an address and a port whether one of these sockets listens there. */
function listenersAmong(sockets: readonly FlowSocket[]): (address: string, port: number) => boolean {
  const places = new Set<string>();
  for (const socket of sockets) {
    if (socket.state !== 'listen') continue;
    const isWildcard = socket.localAddress === '0.0.0.0' || socket.localAddress === '::';
    places.add(isWildcard ? `${socket.localPort}` : localOf(socket));
  }
  return (address, port) => places.has(`${port}`) || places.has(endpoint(address, port));
}

/** Both ends are on this host for certain: loopback, or one address with itself. */
function isLocal({ localAddress, remoteAddress }: FlowSocket): boolean {
  return localAddress === remoteAddress || isLoopback(remoteAddress);
}

/** 127.0.0.0/8 or ::1. */
function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}

const localOf = ({ localAddress, localPort }: FlowSocket): string => endpoint(localAddress, localPort);
const remoteOf = ({ remoteAddress, remotePort }: FlowSocket): string => endpoint(remoteAddress, remotePort);

/** What is left in TIME_WAIT of each of these sockets that is in it. */
export function timeWaitLeft(sockets: readonly FlowSocket[]): number[] {
  return sockets.flatMap(({ timeWaitLeftMs }) => (timeWaitLeftMs === null ? [] : [timeWaitLeftMs]));
}

/**
 * How long a connection is established at most on average: those established over those closed per second, where none counts as one that was
 * just missed; null when none was closed here.
 */
export function meanLifeAtMostMs(established: number, perSecond: number): number | null {
  return perSecond === 0 ? null : Math.round((Math.max(1, established) / perSecond) * 1000);
}

/**
 * The ports that are left to one client address for one service, and when they run out. `listeners`: ports that this host listens on, which
 * connect(2) does not give out (inet_hash_connect in net/ipv4/inet_hashtables.c).
 */
export function portsLeft(
  sockets: readonly FlowSocket[],
  listeners: ReadonlySet<number>,
  settings: PortSettings,
  { windowMs, recentPerSecond }: CloseRate,
): PortsLeft {
  const { range, reserved } = settings;
  const [first, last] = range;
  const isUsable = (port: number): boolean =>
    port >= first && port <= last && !reserved.some(([from, to]) => port >= from && port <= to);
  const [socket] = sockets;
  const overLoopback = socket !== undefined && (isLoopback(socket.remoteAddress) || isLoopback(socket.localAddress));
  const blockedForMs = blockedFor(settings, { overLoopback });
  const busy = new Set([...listeners].filter(isUsable));
  const waitingMs: number[] = [];
  for (const { localPort, timeWaitLeftMs } of sockets) {
    if (!isUsable(localPort)) continue;
    if (timeWaitLeftMs === null) busy.add(localPort);
    else if (blockedForMs - (windowMs - timeWaitLeftMs) > 0) waitingMs.push(blockedForMs - (windowMs - timeWaitLeftMs));
  }
  const usable = countPorts(range, reserved);
  const room = Math.max(0, usable - busy.size);
  return {
    usable,
    busy: busy.size,
    waiting: waitingMs.length,
    left: Math.max(0, room - waitingMs.length),
    blockedForMs,
    runsOutInMs: runsOutIn(room, waitingMs, blockedForMs, recentPerSecond),
  };
}

/**
 * When none of `room` ports is left, if each second `perSecond` more are blocked, for `blockedForMs`, and those that are blocked now come free
 * after `waitingMs`; null when as many come free as are taken first.
 */
export function runsOutIn(
  room: number,
  waitingMs: readonly number[],
  blockedForMs: number,
  perSecond: number,
): number | null {
  const perMs = perSecond / 1000;
  const ends = [...waitingMs].sort((one, other) => one - other);
  if (ends.length >= room) return 0;
  if (perMs === 0) return null;
  // Between two that come free the number of those taken only grows.
  for (const [index, endMs] of [...ends, blockedForMs].entries()) {
    const fullAtMs = (room - (ends.length - index)) / perMs;
    if (fullAtMs <= Math.min(endMs, blockedForMs)) return Math.round(fullAtMs);
  }
  return null;
}

/** The services of this host with more than one client, the most in TIME_WAIT first. */
export function servicesOf(
  flows: readonly Pick<TimeWaitFlow, 'side' | 'service' | 'established' | 'timeWait' | 'closes'>[],
): TimeWaitService[] {
  const services = new Map<string, TimeWaitService>();
  for (const { side, service, established, timeWait, closes } of flows) {
    if (side === 'client') continue;
    const sofar = services.get(service) ?? { service, clients: 0, established: 0, timeWait: 0, perSecond: 0 };
    services.set(service, {
      service,
      clients: sofar.clients + 1,
      established: sofar.established + established,
      timeWait: sofar.timeWait + timeWait,
      perSecond: round(sofar.perSecond + closes.perSecond),
    });
  }
  return [...services.values()]
    .filter(({ clients }) => clients > 1)
    .sort((one, other) => other.timeWait - one.timeWait || other.established - one.established);
}
