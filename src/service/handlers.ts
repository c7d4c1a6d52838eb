/** Makes gRPC handlers of functions that return or throw. */

import type { handleUnaryCall } from '@grpc/grpc-js';
import type { Caller } from './admission.js';
import { faultOf } from './fault.js';
import { callerOf } from './grpc-admission.js';

/** A unary handler. An error of `work` becomes the answer's status: a Fault as it is, anything else as INTERNAL. */
export function unary<Request, Response>(
  log: (text: string) => void,
  work: (request: Request, caller: Caller) => Response | Promise<Response>,
): handleUnaryCall<Request, Response> {
  return async (call, callback) => {
    try {
      callback(null, await work(call.request, callerOf(call)));
    } catch (error) {
      const { code, message } = faultOf(error, log);
      callback({ code, details: message });
    }
  };
}
