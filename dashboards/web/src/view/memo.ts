// A component that is rendered anew only when something it was given is another.

import { type ComponentType, Component, createElement } from "preact";

export function memo<Props extends object>(Inner: (props: Props) => unknown): ComponentType<Props> {
  return class Memo extends Component<Props> {
    override shouldComponentUpdate(next: Props): boolean {
      const names = new Set([...Object.keys(this.props), ...Object.keys(next)]) as Set<keyof Props>;
      return [...names].some((name) => this.props[name as keyof typeof this.props] !== next[name]);
    }

    override render() {
      return createElement(Inner as ComponentType<Props>, this.props as Props);
    }
  };
}
