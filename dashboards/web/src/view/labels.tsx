// Labels, or matchers: one chip each.

export function Labels({ labels }: { labels: Readonly<Record<string, string>> }) {
  return <Chips texts={Object.entries(labels).map(([name, value]) => `${name}=${value}`)} />;
}

export function Chips({ texts }: { texts: readonly string[] }) {
  return (
    <span class="chips">
      {texts.map((text) => (
        <code key={text} class="chip">
          {text}
        </code>
      ))}
    </span>
  );
}
