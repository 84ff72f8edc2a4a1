/**
 * The items of a JSON array, each as the text that it has there: to parse and write them again would
 * change numbers.
 * @param text a well-formed JSON array.
 */
export function jsonItems(text: string): string[] {
  const items: string[] = [];
  let depth = 0;
  let from = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (inString) {
      if (character === "\\") at++;
      else if (character === '"') inString = false;
      continue;
    }
    if (character === '"') inString = true;
    else if (character === "[" || character === "{") {
      if (++depth === 1) from = at + 1;
    } else if (character === "]" || character === "}") {
      if (--depth === 0) add(at);
    } else if (character === "," && depth === 1) {
      add(at);
      from = at + 1;
    }
  }
  return items;

  function add(end: number): void {
    const item = text.slice(from, end).trim();
    if (item !== "") items.push(item);
  }
}
