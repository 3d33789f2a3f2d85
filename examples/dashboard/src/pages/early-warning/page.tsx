export function EarlyWarningPage() { return <h1>Soon</h1>; }
