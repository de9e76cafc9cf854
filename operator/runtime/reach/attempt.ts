/**
 * What became of one attempt to reach an address. The gate and the probe judge a seal by it, so an attempt that could not
 * be made is no proof of anything: it has an outcome of its own.
 *
 *   Reached      the other side's kernel took the connection, or a datagram was answered. What came after (a reset, no
 *                accept, silence) makes no difference: a packet went out and one came back.
 *   Refused      an answer said no: a reset to the first packet, or the ICMP error that kube-router rejects with. They
 *                cannot be told apart, so it proves neither that the far side was reached nor that it was not there.
 *   TimedOut     nothing came within the limit.
 *   Unreachable  there is no way: no route, or a firewall said so (administratively prohibited).
 *   Failed       we could not try: no descriptor, no local address, a bad argument.
 */
export type AttemptOutcome = "Reached" | "Refused" | "TimedOut" | "Unreachable" | "Failed";

export interface Attempt {
  readonly outcome: AttemptOutcome;
  /** The system's word for it, such as ECONNREFUSED; absent when reached and when our own limit ended the attempt. */
  readonly errno?: string;
  /** What the other side sent first, if it was waited for: one character for each byte (latin1); cut at `MOST_BYTES`. */
  readonly answer?: string;
  /** Milliseconds from the start to the outcome. */
  readonly ms: number;
}

/** Where to. `address` is an IPv4 or IPv6 address, never a name: a look-up would be a way out of its own. */
export interface Target {
  readonly address: string;
  readonly port: number;
}

/** Bytes of an answer that are looked at. */
export const MOST_BYTES = 1024;

const OUTCOMES: Readonly<Record<string, AttemptOutcome>> = {
  ECONNREFUSED: "Refused",
  // Linux says so only of a connection that stood (tcp_reset): taken and reset before we could look.
  ECONNRESET: "Reached",
  EPIPE: "Reached",
  ETIMEDOUT: "TimedOut",
  EHOSTUNREACH: "Unreachable",
  ENETUNREACH: "Unreachable",
  ENETDOWN: "Unreachable",
  EHOSTDOWN: "Unreachable",
  // A local firewall rule that rejects as prohibited, or drops on the way out.
  EACCES: "Unreachable",
  EPERM: "Unreachable",
};

/** The outcome for an error of connect(2), send(2) or recv(2). */
export const outcomeOfErrno = (errno: string | undefined): AttemptOutcome => OUTCOMES[errno ?? ""] ?? "Failed";
