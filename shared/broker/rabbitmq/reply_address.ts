const prefix = "amq.rabbitmq.reply-to.";
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Whether an address is of RabbitMQ's direct reply-to kind, well-formed or not. */
export function isDirectReply(queue: string): boolean {
  return queue.startsWith(prefix);
}

/**
 * Whether a direct reply-to address has the form that a server gives out: an Erlang process
 * identifier and a key, each in base64, with a dot between. The server ends the connection that
 * publishes to some of the others.
 */
export function isWellFormedDirectReply(queue: string): boolean {
  const parts = queue.slice(prefix.length).split(".");
  const [process, key] = parts;
  if (parts.length !== 2 || !process || !key) return false;
  if (!base64.test(process) || !base64.test(key)) return false;
  return isProcessIdentifier(Uint8Array.from(atob(process), (char) => char.charCodeAt(0)));
}

/**
 * Erlang's external term format: the version, the tag of a process identifier, the node's name
 * as an atom, then two numbers and the node's creation (four bytes, in the older tag one).
 */
function isProcessIdentifier(bytes: Uint8Array): boolean {
  const [version, tag, atom, first, second] = bytes;
  if (version !== 131 || first === undefined || second === undefined) return false;
  const atomLength = atom === 119 || atom === 115
    ? 2 + first
    : atom === 118 || atom === 100
    ? 3 + first * 256 + second
    : undefined;
  const numbers = tag === 88 ? 12 : tag === 103 ? 9 : undefined;
  if (atomLength === undefined || numbers === undefined) return false;
  return bytes.length === 2 + atomLength + numbers;
}
