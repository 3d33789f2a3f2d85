import { Input, Label, SearchField } from "react-aria-components";

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
