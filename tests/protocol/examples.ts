/** A message as docs/protocol.md shows it. */
export interface Example {
  readonly properties: Readonly<Record<string, string | number>>;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** Reads the fenced example of this name from docs/protocol.md. */
export async function example(
  name:
    | "request"
    | "event"
    | "response"
    | "frame"
    | "piece"
    | "note"
    | "last-frame"
    | "credit"
    | "cancel"
    | "callback"
    | "status",
): Promise<Example> {
  const page = await Deno.readTextFile(new URL("../../docs/protocol.md", import.meta.url));
  const [, text] = new RegExp(`^\`\`\`json ${name}\\n([\\s\\S]*?)^\`\`\``, "m").exec(page) ?? [];
  if (text === undefined) throw new Error(`docs/protocol.md has no example "json ${name}"`);
  return JSON.parse(text);
}
