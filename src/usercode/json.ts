/** JSON of values for programs of the user. */

/** Returns the JSON of a value: ids as numbers, or as text where a number is not exact; maps as objects. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner) => {
    if (typeof inner === 'bigint') return Number.isSafeInteger(Number(inner)) ? Number(inner) : String(inner);
    return inner instanceof Map ? Object.fromEntries(inner) : inner;
  });
}

/** The key of an object that stands for a long integer. Programs do not use it for other purposes. */
const INTEGER = '\0integer';
/** Matches a text, or an integer that may exceed the safe numbers. */
const TEXT_OR_INTEGER = /"(?:[^"\\]|\\.)*"|(?<![\d.eE+-])-?\d{16,}(?![\d.eE])/g;

/** Parses JSON. Integers beyond the safe numbers become BigInts. Throws SyntaxError. */
export function fromJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  if (!/\d{16}/.test(text)) return value;
  const marked = text.replace(TEXT_OR_INTEGER, (found) =>
    found.startsWith('"') ? found : JSON.stringify({ [INTEGER]: found }),
  );
  return JSON.parse(marked, (_key, inner: unknown) => {
    if (typeof inner !== 'object' || inner === null || !Object.hasOwn(inner, INTEGER)) return inner;
    const integer = BigInt(Reflect.get(inner, INTEGER) as string);
    return Number.isSafeInteger(Number(integer)) ? Number(integer) : integer;
  });
}
