import { useEffect, useState } from "react";
import { Button, Label, ListBox, ListBoxItem, Popover, Select, SelectValue } from "react-aria-components";

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
