export function DayPage() { return <h1>Soon</h1>; }
