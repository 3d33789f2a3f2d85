import { useEffect, useState } from "react";
import {
  Button,
  Checkbox,
  Input,
  Label,
  ListBox,
  ListBoxItem,
  Popover,
  SearchField,
  Select,
  SelectValue,
  NumberField,
} from "react-aria-components";

interface Choice<Key extends string> {
  readonly id: Key;
  readonly name: string;
}

interface ChoiceFieldProps<Key extends string> {
  readonly label: string;
  readonly choices: readonly Choice<Key>[];
  readonly value: Key;
  readonly onChange: (value: Key) => void;
  /** Whether the menu is open, and has the focus, when it appears. */
  readonly isOpenAtFirst?: boolean;
}

/** A menu with one choice. */
export function ChoiceField<Key extends string>(props: ChoiceFieldProps<Key>) {
  const { label, choices, value, onChange, isOpenAtFirst = false } = props;
  const [isOpen, setOpen] = useState(false);
  // It opens once its button has the focus, which the menu gives back when it is closed.
  useEffect(() => setOpen(isOpenAtFirst), [isOpenAtFirst]);
  return (
    <Select
      className="field"
      value={value}
      onChange={(key) => onChange(key as Key)}
      isOpen={isOpen}
      onOpenChange={setOpen}
      autoFocus={isOpenAtFirst}
    >
      <Label>{label}</Label>
      <Button className="choice">
        <SelectValue />
        <span aria-hidden="true">▾</span>
      </Button>
      <Popover className="popover">
        <ListBox items={choices}>{(choice) => <ListBoxItem className="option">{choice.name}</ListBoxItem>}</ListBox>
      </Popover>
    </Select>
  );
}

interface SearchProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
}

/** A field to search in; Enter searches, Escape empties it. */
export function Search({ label, value, onChange }: SearchProps) {
  return (
    <SearchField className="field" defaultValue={value} onSubmit={onChange} onClear={() => onChange("")}>
      <Label>{label}</Label>
      <Input className="input" />
    </SearchField>
  );
}

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

interface TickProps {
  readonly label: string;
  readonly isSelected: boolean;
  readonly onChange: (isSelected: boolean) => void;
}

/** A box to tick. */
export function Tick({ label, isSelected, onChange }: TickProps) {
  return (
    <Checkbox className="tick" isSelected={isSelected} onChange={onChange}>
      <span className="box" aria-hidden="true" />
      {label}
    </Checkbox>
  );
}
