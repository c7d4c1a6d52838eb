/** Loads the services' definitions from proto/ on first use. Their types are generated from the same files. */

import { type GrpcObject, loadPackageDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { packageFile } from '../text/package-file.js';

// The path is the same from src/service and from dist/service.
const folder = packageFile('proto');

/**
 * Loads a file of proto/. `Types` is the `ProtoGrpcType` that `npm run build:proto` generates from the same file
 * with the options below. Change both together.
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
