namespace Prefork;

/// <summary>How far a worker is; the states of Node's <c>worker.state</c>.</summary>
public enum WorkerState
{
    /// <summary>Forked; nothing heard of it yet. Node's <c>none</c>.</summary>
    Forked,

    /// <summary>Its code runs.</summary>
    Online,

    /// <summary>Its first listener is open.</summary>
    Listening,

    /// <summary>Its channel is closed.</summary>
    Disconnected,

    /// <summary>Its process has ended.</summary>
    Dead,
}
