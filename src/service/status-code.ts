/** The status codes of RPCs (google.rpc.Code). Those of gRPC are the same, but loading gRPC takes long. */

export const status = {
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;

export type StatusName = keyof typeof status;
export type StatusCode = (typeof status)[StatusName];

const names = new Map<number, StatusName>(
  Object.entries(status).map(([name, code]) => [code, name as StatusName]),
);

/** The name of a code: `NOT_FOUND`. */
export function statusName(code: StatusCode): StatusName {
  return names.get(code) ?? 'UNKNOWN';
}
