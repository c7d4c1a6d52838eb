/** A view that is rendered only when a prop of it is another one. */

import { Component, type ComponentChildren, type FunctionComponent, h } from 'preact';

export function memo<Props extends object>(
  view: (props: Props) => ComponentChildren,
): FunctionComponent<Props> {
  class Memo extends Component<Props> {
    override shouldComponentUpdate(next: Readonly<Props>): boolean {
      const before = this.props as Readonly<Record<string, unknown>>;
      return Object.entries(next).some(([name, value]) => before[name] !== value);
    }

    override render() {
      return h(view as FunctionComponent<Props>, this.props);
    }
  }
  return (props) => h(Memo as never, props as never);
}
