/** The state of one run with its timeline. */

import type { Shares } from '../../src/api/client/counts.js';
import { FollowedRun } from '../../src/api/client/followed-run.js';
import { Timeline } from './timeline.js';

export class RunStore extends FollowedRun {
  readonly timeline = new Timeline();

  protected override counted(time: number, { pending, running }: Shares): void {
    this.timeline.add({ time, pending, running });
  }
}
