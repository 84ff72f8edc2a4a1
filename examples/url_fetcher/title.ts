const named: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: "\u00a0",
  ndash: "–",
  mdash: "—",
  hellip: "…",
  lsquo: "‘",
  rsquo: "’",
  ldquo: "“",
  rdquo: "”",
  laquo: "«",
  raquo: "»",
  middot: "·",
  bull: "•",
  copy: "©",
  reg: "®",
  trade: "™",
};

const replacement = "\ufffd";

/** Whether a content type is one that {@link htmlTitle} reads. */
export function isHtml(contentType: string | null): boolean {
  return /^\s*(text\/html|application\/xhtml\+xml)\s*(;|$)/i.test(contentType ?? "");
}

/** Decodes by the content type's charset; by UTF-8 if it names none, or none that is known. */
export function decodeText(bytes: Uint8Array, contentType: string | null): string {
  const charset = /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(contentType ?? "")?.[1];
  return decoder(charset ?? "utf-8").decode(bytes);
}

/**
 * The text of the first `<title>` outside comments, scripts and styles, its entities decoded and
 * its white space collapsed; null if there is none, or an empty one. Takes linear time on any
 * input.
 */
export function htmlTitle(html: string): string | null {
  const opening = /<(?:(!--)|(title|script|style)(?=[\s>/]))/gi;
  for (let match = opening.exec(html); match; match = opening.exec(html)) {
    const element = match[2]?.toLowerCase();
    const closing = element ? new RegExp(`</${element}(?=[\\s>/])`, "gi") : /-->/g;
    closing.lastIndex = match.index + 2;
    const end = closing.exec(html);
    if (!end) return null;
    if (element === "title") {
      const start = html.indexOf(">", opening.lastIndex) + 1;
      return decodeEntities(html.slice(start, end.index)).replace(/\s+/g, " ").trim() || null;
    }
    opening.lastIndex = closing.lastIndex;
  }
  return null;
}

/** Decodes numeric entities and the usual named ones; leaves others as they are. */
export function decodeEntities(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|([a-z]{2,6}));/gi, (all, dec, hex, name) => {
    if (name !== undefined) return named[name] ?? all;
    return character(dec !== undefined ? Number(dec) : parseInt(hex, 16));
  });
}

function character(code: number): string {
  const surrogate = code >= 0xd800 && code <= 0xdfff;
  return code === 0 || surrogate || code > 0x10ffff ? replacement : String.fromCodePoint(code);
}

function decoder(charset: string): TextDecoder {
  try {
    return new TextDecoder(charset);
  } catch {
    return new TextDecoder();
  }
}
