/** What a vocabulary is of: strings, or integers (bigint beyond 2^53). */
export type Token = string | number | bigint;

/** How often tokens occurred in data, and in how many documents. */
export class TokenCounts<T extends Token> {
  readonly counts = new Map<T, number>();
  readonly documents = new Map<T, number>();
  numDocuments = 0;

  add(documents: readonly (readonly T[])[]): void {
    for (const document of documents) {
      for (const token of document) this.counts.set(token, (this.counts.get(token) ?? 0) + 1);
      for (const token of new Set(document)) this.documents.set(token, (this.documents.get(token) ?? 0) + 1);
    }
    this.numDocuments += documents.length;
  }

  /** Tokens by falling count; of one count the greatest first, strings by their bytes. */
  sorted(): T[] {
    return [...this.counts].sort(([a, m], [b, n]) => n - m || compare(b, a)).map(([token]) => token);
  }

  /** log(1 + documents / (1 + documents with the token)) */
  idf(token: T): number {
    return Math.fround(Math.log(1 + this.numDocuments / (1 + (this.documents.get(token) ?? 0))));
  }
}

function compare(a: Token, b: Token): number {
  if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Tokens that occur more than once. */
export function repeated<T extends Token>(tokens: readonly T[]): T[] {
  const seen = new Set<T>();
  const again = new Set<T>();
  for (const token of tokens) (seen.has(token) ? again : seen).add(token);
  return [...again];
}

/** A short list for messages. */
export const showTokens = (tokens: readonly Token[]): string =>
  tokens.slice(0, 5).map(showToken).join(', ') + (tokens.length > 5 ? ', ...' : '');

const showToken = (token: Token): string => (typeof token === 'string' ? JSON.stringify(token) : String(token));
