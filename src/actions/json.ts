/** Values as JSON for programs of the user. */

/** Ids as numbers, or as text where numbers would not be exact; maps as objects. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner) => {
    if (typeof inner === 'bigint') return Number.isSafeInteger(Number(inner)) ? Number(inner) : String(inner);
    return inner instanceof Map ? Object.fromEntries(inner) : inner;
  });
}
