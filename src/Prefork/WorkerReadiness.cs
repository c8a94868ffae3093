namespace Prefork;

/// <summary>When a worker is ready.</summary>
public enum WorkerReadiness
{
    /// <summary>When it listens and, if it has said that it will (<see cref="WorkerProcess.SaysReady"/>), says so.</summary>
    Auto,

    /// <summary>When its code runs: for workers that do not listen.</summary>
    Online,

    /// <summary>When its first listener is open.</summary>
    Listening,

    /// <summary>When it says so: <see cref="ClusterWorker.SetReady"/>, in Node <c>process.send('ready')</c>.</summary>
    Ready,
}
