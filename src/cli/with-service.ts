/** Connects a command to its service. */

import type { ServiceClient } from '../service/ensembles/client.js';
import { connectOptions, type ServiceOptions } from './service-options.js';

/** Runs the work with a client that is closed afterwards. Only commands with a service load gRPC. */
export async function withService(
  options: ServiceOptions,
  work: (client: ServiceClient) => Promise<void>,
): Promise<void> {
  const { ServiceClient } = await import('../service/ensembles/client.js');
  const client = new ServiceClient(await connectOptions(options));
  try {
    await work(client);
  } finally {
    client.close();
  }
}
