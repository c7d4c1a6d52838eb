/** The services' definitions, read from proto/ when they are first needed; their types are made of the same files. */

import { fileURLToPath } from 'node:url';
import { type GrpcObject, loadPackageDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

// Two levels up from src/service and from dist/service alike.
const folder = fileURLToPath(new URL('../../proto', import.meta.url));

/**
 * The definitions of a file of proto/. `Types` is the `ProtoGrpcType` that `npm run build:proto` made of the same file, with
 * the options that are here: change both together.
 */
export function loadProto<Types>(file: string): Types {
  const definition = loadSync(file, {
    includeDirs: [folder],
    longs: Number,
    enums: String,
    defaults: true,
    arrays: true,
    oneofs: true,
  });
  return loadPackageDefinition(definition) as GrpcObject as Types;
}
