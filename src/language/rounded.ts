/** Whether a number loses digits of an integer: `9007199254740993` becomes 9007199254740992. */
export function isRounded(digits: string): boolean {
  const [, integer] = /^[+-]?0*(\d+)$/.exec(digits) ?? [];
  if (integer === undefined || Number.isSafeInteger(Number(integer))) return false;
  return String(Number(integer)) !== integer;
}
