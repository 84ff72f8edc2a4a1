/** A word of a topic: nothing that any broker reads as something else. */
const word = "[A-Za-z0-9_-]+";
const mostCharacters = 128;

const topicPattern = new RegExp(`^(?=.{1,${mostCharacters}}$)${word}(?:\\.${word})*$`);
const bindingPattern = new RegExp(
  `^(?=.{1,${mostCharacters}}$)(?:${word}|[*#])(?:\\.(?:${word}|[*#]))*$`,
);

/** What a topic may be, in words. */
export const topicForm = "words of A-Z a-z 0-9 _ - with dots between them, " +
  `${mostCharacters} characters in all, such as order.paid`;

/** Whether a text is a topic that can be published to. */
export function isTopic(text: string): boolean {
  return topicPattern.test(text);
}

/** Whether events of a topic are wanted, by its pattern, or are not wanted any more. */
export interface Binding {
  /** A topic in which a word can be `*`, for any word, or `#`, for any number of words. */
  readonly pattern: string;
  readonly bound: boolean;
}

/** What a binding may be, in words. */
export const bindingForm = "patterns such as order.*, where * stands for a word and # for any " +
  "number of words, or !order.* for one that is to be bound no longer";

/** Reads a binding: a pattern, with `!` before it if it is to be bound no longer. */
export function parseBinding(text: string): Binding | undefined {
  const bound = !text.startsWith("!");
  const pattern = bound ? text : text.slice(1);
  return bindingPattern.test(pattern) ? { pattern, bound } : undefined;
}
