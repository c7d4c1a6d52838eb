/** Values as JSON for programs of the user. */

/** Ids as numbers, or as text where numbers would not be exact; maps as objects. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner) => {
    if (typeof inner === 'bigint') return Number.isSafeInteger(Number(inner)) ? Number(inner) : String(inner);
    return inner instanceof Map ? Object.fromEntries(inner) : inner;
  });
}

/** The key of an object that stands for an integer of many digits. No program would use it for anything else. */
const INTEGER = '\0integer';
/** A text, or an integer that a number may not hold. */
const TEXT_OR_INTEGER = /"(?:[^"\\]|\\.)*"|(?<![\d.eE+-])-?\d{16,}(?![\d.eE])/g;

/** The value of a text of JSON. Integers that numbers do not hold exactly are BigInts. Throws SyntaxError. */
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
