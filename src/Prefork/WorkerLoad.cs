namespace Prefork;

/// <summary>What is known of a worker at the moment a connection must be placed.</summary>
/// <param name="WorkerId">The worker's id (<see cref="WorkerProcess.Id"/>).</param>
/// <param name="Open">
/// Connections that the worker says it holds open, of all its listeners. 0 for a Node worker, which keeps no count.
/// A worker that lies here gets more or fewer connections itself; it cannot harm others.
/// </param>
/// <param name="Waiting">Connections handed to it through this listener that it has not taken yet, counted by the primary.</param>
/// <param name="HandedOver">Connections handed to it through this listener since it joined.</param>
public readonly record struct WorkerLoad(int WorkerId, long Open, int Waiting, long HandedOver);
