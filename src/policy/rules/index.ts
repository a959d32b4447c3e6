import type { Rule } from '../facts.ts';
import { addressUnreachable } from './address-unreachable.ts';
import { blockedReadWithoutTimeout } from './blocked-read-without-timeout.ts';
import { certificateNearExpiry } from './certificate-near-expiry.ts';
import { certificateNotTrusted } from './certificate-not-trusted.ts';
import { connectionRefused } from './connection-refused.ts';
import { connectionTimedOut } from './connection-timed-out.ts';
import { connectionsNotReused } from './connections-not-reused.ts';
import { deadPeerNoticedAfter } from './dead-peer-noticed-after.ts';
import { directionsDiffer } from './directions-differ.ts';
import { dropperNamed } from './dropper-named.ts';
import { gunicornSyncWorker } from './gunicorn-sync-worker.ts';
import { halfOpenSuspected } from './half-open-suspected.ts';
import { heldByForkedChild } from './held-by-forked-child.ts';
import { hintLongerThanTruth } from './hint-longer-than-truth.ts';
import { hostDown } from './host-down.ts';
import { httpCloseUnannounced } from './http-close-unannounced.ts';
import { httpIdleClose } from './http-idle-close.ts';
import { httpIdleStalled } from './http-idle-stalled.ts';
import { httpNotPersistent } from './http-not-persistent.ts';
import { idleConnectionsOccupyWorkers } from './idle-connections-occupy-workers.ts';
import { keepaliveDoesNotRefresh } from './keepalive-does-not-refresh.ts';
import { keepaliveDoesNotSave } from './keepalive-does-not-save.ts';
import { keepaliveInheritsSlowSysctl } from './keepalive-inherits-slow-sysctl.ts';
import { keepaliveIntervalSlowerThanMiddlebox } from './keepalive-interval-slower-than-middlebox.ts';
import { keepaliveLaterThanMiddlebox } from './keepalive-later-than-middlebox.ts';
import { keepaliveMissingOnLiveSocket } from './keepalive-missing-on-live-socket.ts';
import { keepaliveMissingTowardsMiddlebox } from './keepalive-missing-towards-middlebox.ts';
import { keepaliveOff } from './keepalive-off.ts';
import { keepaliveOffWhenLastSeen } from './keepalive-off-when-last-seen.ts';
import { keepaliveProbesUnanswered } from './keepalive-probes-unanswered.ts';
import { keepaliveSaves } from './keepalive-saves.ts';
import { keepaliveSettingsRefused } from './keepalive-settings-refused.ts';
import { keepaliveSlowerThanMiddlebox } from './keepalive-slower-than-middlebox.ts';
import { keepaliveToleratesTooFewLosses } from './keepalive-tolerates-too-few-losses.ts';
import { keepaliveTooTight } from './keepalive-too-tight.ts';
import { localConntrackForgetsFirst } from './local-conntrack-forgets-first.ts';
import { middleboxForgetsBeforeServer } from './middlebox-forgets-before-server.ts';
import { middleboxForgetsTooSoon } from './middlebox-forgets-too-soon.ts';
import { middleboxRefreshUnknown } from './middlebox-refresh-unknown.ts';
import { middleboxTerminatesTcp } from './middlebox-terminates-tcp.ts';
import { nameUnresolved } from './name-unresolved.ts';
import { pathDropsIdle } from './path-drops-idle.ts';
import { pathIdleTimeout } from './path-idle-timeout.ts';
import { pathResetsIdle } from './path-resets-idle.ts';
import { peerClosesFirst } from './peer-closes-first.ts';
import { peerClosesIdle } from './peer-closes-idle.ts';
import { peerEndedEarly } from './peer-ended-early.ts';
import { poolLargerThanServerAllows } from './pool-larger-than-server-allows.ts';
import { portsRunOut } from './ports-run-out.ts';
import { proxyGivesUpBeforeApp } from './proxy-gives-up-before-app.ts';
import { requestLimitUnannounced } from './request-limit-unannounced.ts';
import { reuseRace } from './reuse-race.ts';
import { runningDiffersFromConfigured } from './running-differs-from-configured.ts';
import { serverClosesBeforeClient } from './server-closes-before-client.ts';
import { timeWaitRecycled } from './time-wait-recycled.ts';
import { timeWaitTableFull } from './time-wait-table-full.ts';
import { tlsHandshakeFailed } from './tls-handshake-failed.ts';
import { upstreamClosesFirst } from './upstream-closes-first.ts';
import { upstreamNotReused } from './upstream-not-reused.ts';
import { userTimeoutOverridesCount } from './user-timeout-overrides-count.ts';
import { watchedAddressRotated } from './watched-address-rotated.ts';
import { watchedConnectionClosed } from './watched-connection-closed.ts';
import { watchedConnectionNotMade } from './watched-connection-not-made.ts';
import { watchedConnectionReset } from './watched-connection-reset.ts';
import { watchedConnectionStalled } from './watched-connection-stalled.ts';

/** All rules, by the id that findings carry: the name of the rule's file. Within one severity findings keep this order. */
export const rules = {
  'name-unresolved': nameUnresolved,
  'connection-refused': connectionRefused,
  'connection-timed-out': connectionTimedOut,
  'address-unreachable': addressUnreachable,
  'peer-ended-early': peerEndedEarly,
  'tls-handshake-failed': tlsHandshakeFailed,
  'certificate-not-trusted': certificateNotTrusted,
  'certificate-near-expiry': certificateNearExpiry,
  'host-down': hostDown,
  'path-drops-idle': pathDropsIdle,
  'path-resets-idle': pathResetsIdle,
  'peer-closes-idle': peerClosesIdle,
  'keepalive-does-not-refresh': keepaliveDoesNotRefresh,
  'path-idle-timeout': pathIdleTimeout,
  'directions-differ': directionsDiffer,
  'peer-closes-first': peerClosesFirst,
  'http-not-persistent': httpNotPersistent,
  'http-close-unannounced': httpCloseUnannounced,
  'gunicorn-sync-worker': gunicornSyncWorker,
  'hint-longer-than-truth': hintLongerThanTruth,
  'server-closes-before-client': serverClosesBeforeClient,
  'middlebox-forgets-before-server': middleboxForgetsBeforeServer,
  'http-idle-stalled': httpIdleStalled,
  'http-idle-close': httpIdleClose,
  'reuse-race': reuseRace,
  'keepalive-does-not-save': keepaliveDoesNotSave,
  'keepalive-probes-unanswered': keepaliveProbesUnanswered,
  'keepalive-settings-refused': keepaliveSettingsRefused,
  'keepalive-off': keepaliveOff,
  'keepalive-off-when-last-seen': keepaliveOffWhenLastSeen,
  'keepalive-slower-than-middlebox': keepaliveSlowerThanMiddlebox,
  'keepalive-interval-slower-than-middlebox': keepaliveIntervalSlowerThanMiddlebox,
  'keepalive-inherits-slow-sysctl': keepaliveInheritsSlowSysctl,
  'keepalive-tolerates-too-few-losses': keepaliveToleratesTooFewLosses,
  'middlebox-terminates-tcp': middleboxTerminatesTcp,
  'middlebox-refresh-unknown': middleboxRefreshUnknown,
  'middlebox-forgets-too-soon': middleboxForgetsTooSoon,
  'local-conntrack-forgets-first': localConntrackForgetsFirst,
  'time-wait-recycled': timeWaitRecycled,
  'ports-run-out': portsRunOut,
  'connections-not-reused': connectionsNotReused,
  'time-wait-table-full': timeWaitTableFull,
  'upstream-closes-first': upstreamClosesFirst,
  'keepalive-missing-towards-middlebox': keepaliveMissingTowardsMiddlebox,
  'upstream-not-reused': upstreamNotReused,
  'request-limit-unannounced': requestLimitUnannounced,
  'pool-larger-than-server-allows': poolLargerThanServerAllows,
  'idle-connections-occupy-workers': idleConnectionsOccupyWorkers,
  'proxy-gives-up-before-app': proxyGivesUpBeforeApp,
  'running-differs-from-configured': runningDiffersFromConfigured,
  'keepalive-too-tight': keepaliveTooTight,
  'user-timeout-overrides-count': userTimeoutOverridesCount,
  'watched-connection-stalled': watchedConnectionStalled,
  'watched-connection-reset': watchedConnectionReset,
  'watched-connection-not-made': watchedConnectionNotMade,
  'watched-connection-closed': watchedConnectionClosed,
  'watched-address-rotated': watchedAddressRotated,
  'dropper-named': dropperNamed,
  'keepalive-saves': keepaliveSaves,
  'dead-peer-noticed-after': deadPeerNoticedAfter,
  'half-open-suspected': halfOpenSuspected,
  'blocked-read-without-timeout': blockedReadWithoutTimeout,
  'keepalive-missing-on-live-socket': keepaliveMissingOnLiveSocket,
  'keepalive-later-than-middlebox': keepaliveLaterThanMiddlebox,
  'held-by-forked-child': heldByForkedChild,
} satisfies Record<string, Rule>;
