import type { Duplex } from 'node:stream';

/** A protocol in which kaprobe can make a minimal request, again and again on one connection. */
export interface Application {
  /** The schemes of targets that speak it, by name. */
  schemes: Readonly<Record<string, Scheme>>;
  /**
   * Starts a conversation on an open connection (after the TLS handshake, if there is one) without saying anything yet. The connection
   * stays its owner's: it is read and written, never ended, destroyed, paused, or given socket options. Whatever arrives is read, so that
   * the end of the connection is seen; others may listen beside it.
   */
  open(stream: Duplex, target: ApplicationTarget): Conversation;
}

/** What the scheme of a target brings along. */
export interface Scheme {
  /** Where its servers listen unless the target says otherwise; null: it must. */
  port: number | null;
  /** Whether it asks for a TLS handshake. */
  tls: boolean;
}

/** What a conversation has to know of its target. */
export interface ApplicationTarget {
  host: string;
  port: number;
  tls: boolean;
}

/** A client's side of a protocol on one connection. */
export interface Conversation {
  /**
   * Makes the smallest request that the server must answer, and waits for the reply; the first one puts the server in its longest idle
   * state. A request that drew no reply stays under way: the next call sends nothing and waits for that reply, since replies carry no
   * number. Once `refused` or `ended`, every further call is told the same at once.
   *
   * Rejects with the signal's reason when aborted, and with a RangeError while another call waits.
   */
  request(options: { timeoutMs: number; signal: AbortSignal }): Promise<ApplicationReply>;
  /** Takes the conversation off the connection, which stays open; what arrives from then on is lost. May be called again. */
  close(): void;
}

/** What a request came to. Texts of the peer are one line of at most 200 characters. */
export type ApplicationReply =
  | {
      kind: 'replied';
      /** From the call to the reply. */
      afterMs: number;
      /** The reply in a line. */
      summary: string;
    }
  /** The peer answered, but the conversation cannot go on: it wants a password, ends the connection, or speaks something else. */
  | { kind: 'refused'; reason: string }
  /** No reply in time; the connection is as it was. */
  | { kind: 'silent'; afterMs: number }
  | Ended;

/** The connection is over. */
export interface Ended {
  kind: 'ended';
  /** `closed`: FIN. `reset`: RST. `failed`: with `error`; the errno ETIMEDOUT is this host's kernel giving up. */
  how: 'closed' | 'reset' | 'failed';
  /** The errno's or Node's name; null for a FIN. ERR_STREAM_DESTROYED: ended here, not by the peer. */
  error: string | null;
  /** From the call to the end; null when it was over before. */
  afterMs: number | null;
  /** What the peer said unasked before the end, such as `FATAL 57P05: terminating connection due to idle-session timeout`; null: nothing. */
  lastWords: string | null;
}
