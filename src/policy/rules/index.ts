import type { Rule } from '../facts.ts';
import { addressUnreachable } from './address-unreachable.ts';
import { certificateNearExpiry } from './certificate-near-expiry.ts';
import { certificateNotTrusted } from './certificate-not-trusted.ts';
import { connectionRefused } from './connection-refused.ts';
import { connectionTimedOut } from './connection-timed-out.ts';
import { deadPeerNoticedAfter } from './dead-peer-noticed-after.ts';
import { keepaliveInheritsSlowSysctl } from './keepalive-inherits-slow-sysctl.ts';
import { keepaliveOff } from './keepalive-off.ts';
import { keepaliveProbesUnanswered } from './keepalive-probes-unanswered.ts';
import { keepaliveSettingsRefused } from './keepalive-settings-refused.ts';
import { keepaliveSlowerThanMiddlebox } from './keepalive-slower-than-middlebox.ts';
import { keepaliveToleratesTooFewLosses } from './keepalive-tolerates-too-few-losses.ts';
import { keepaliveTooTight } from './keepalive-too-tight.ts';
import { localConntrackForgetsFirst } from './local-conntrack-forgets-first.ts';
import { middleboxForgetsTooSoon } from './middlebox-forgets-too-soon.ts';
import { middleboxRefreshUnknown } from './middlebox-refresh-unknown.ts';
import { middleboxTerminatesTcp } from './middlebox-terminates-tcp.ts';
import { nameUnresolved } from './name-unresolved.ts';
import { peerEndedEarly } from './peer-ended-early.ts';
import { timeWaitRecycled } from './time-wait-recycled.ts';
import { tlsHandshakeFailed } from './tls-handshake-failed.ts';
import { userTimeoutOverridesCount } from './user-timeout-overrides-count.ts';

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
  'keepalive-probes-unanswered': keepaliveProbesUnanswered,
  'keepalive-settings-refused': keepaliveSettingsRefused,
  'keepalive-off': keepaliveOff,
  'keepalive-slower-than-middlebox': keepaliveSlowerThanMiddlebox,
  'keepalive-inherits-slow-sysctl': keepaliveInheritsSlowSysctl,
  'keepalive-tolerates-too-few-losses': keepaliveToleratesTooFewLosses,
  'middlebox-terminates-tcp': middleboxTerminatesTcp,
  'middlebox-refresh-unknown': middleboxRefreshUnknown,
  'middlebox-forgets-too-soon': middleboxForgetsTooSoon,
  'local-conntrack-forgets-first': localConntrackForgetsFirst,
  'time-wait-recycled': timeWaitRecycled,
  'keepalive-too-tight': keepaliveTooTight,
  'user-timeout-overrides-count': userTimeoutOverridesCount,
  'dead-peer-noticed-after': deadPeerNoticedAfter,
} satisfies Record<string, Rule>;
