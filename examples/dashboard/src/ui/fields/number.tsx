import { Input, Label, NumberField } from "react-aria-components";

interface NumberProps {
  readonly label: string;
  readonly value: number;
  readonly onChange: (value: number) => void;
  readonly min?: number;
  readonly max?: number;
}

/** A whole number. */
export function WholeNumber({ label, value, onChange, min = 0, max }: NumberProps) {
  return (
    <NumberField
      className="field"
      value={value}
      minValue={min}
      maxValue={max}
      onChange={(changed) => !Number.isNaN(changed) && onChange(changed)}
    >
      <Label>{label}</Label>
      <Input className="input" />
    </NumberField>
  );
}
