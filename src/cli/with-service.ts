/** A command's way to its service. */

import type { ServiceClient } from '../service/ensembles/client.js';
import { connectOptions, type ServiceOptions } from './service-options.js';

/** Does the work with a client that is closed afterwards. gRPC is loaded by those commands only that need it. */
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
