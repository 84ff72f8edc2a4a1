/**
 * What an error of sending means. `never`: no other try will help. `later`: one may, for this mail.
 * `down`: no mail can be sent just now.
 */
export interface Verdict {
  readonly kind: "never" | "later" | "down";
  readonly detail: string;
}

interface SmtpError extends Error {
  readonly code?: string;
  readonly responseCode?: number;
}

/** The server is about to close the connection, whatever it is asked. */
const notAvailable = 421;

/**
 * By RFC 5321 section 4.2.1, replies from 400 on are of the moment and those from 500 on are for good. A
 * login that is refused is our own fault and not the mail's, so that the mail waits for its mending.
 */
export function verdictOf(error: unknown): Verdict {
  const { code, responseCode, message } =
    (error instanceof Error ? error : new Error(String(error))) as SmtpError;
  return { kind: kindOf(code, responseCode), detail: message };
}

function kindOf(code: string | undefined, reply: number | undefined): Verdict["kind"] {
  if (code === "EAUTH" || reply === notAvailable) return "down";
  if (reply !== undefined) return reply >= 500 ? "never" : "later";
  return code === "EENVELOPE" || code === "EMESSAGE" ? "never" : "down";
}
