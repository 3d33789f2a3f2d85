export function ComparisonPage() { return <h1>Soon</h1>; }
