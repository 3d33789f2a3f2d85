export function PopulationPage() { return <h1>Soon</h1>; }
