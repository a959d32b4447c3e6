/** What `serve` returns. */

/** The connections that one address made. */
export interface ServedClient {
  address: string;
  connections: number;
  receivedBytes: number;
  sentBytes: number;
}

export interface ServeData {
  host: string;
  port: number;
  mode: 'hold' | 'echo';
  maxConnections: number;
  /** How long it was to listen at most, and how long it did. */
  forMs: number;
  listenedMs: number;
  endedBy: 'time' | 'interrupt';
  /** Connections: taken, turned away because there were too many, at once at most, and still open at the end. */
  accepted: number;
  refused: number;
  peak: number;
  open: number;
  /** Times that it spoke first, as it was asked to. */
  spoken: number;
  receivedBytes: number;
  sentBytes: number;
  /** The first hundred addresses that came, and how many connections came from others. */
  clients: ServedClient[];
  otherClients: number;
}
