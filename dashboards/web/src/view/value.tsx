// A measured value, or a dash where nobody measured: never a zero.

interface ValueProps {
  value: number | null;
  write: (value: number) => string;
  strained?: boolean;
}

export function Value({ value, write, strained = false }: ValueProps) {
  if (value === null) return <Unknown />;
  return strained ? <strong class="strained">{write(value)}</strong> : <>{write(value)}</>;
}

export function Unknown() {
  return (
    <span class="unknown">
      <span aria-hidden="true">–</span>
      <span class="aloud">unknown</span>
    </span>
  );
}
