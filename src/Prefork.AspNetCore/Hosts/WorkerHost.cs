namespace Prefork.AspNetCore.Hosts;

/// <summary>One host of a worker's process, a service in it. What is in here is <see cref="WorkerHosts"/>', read and written under its lock.</summary>
internal sealed class WorkerHost
{
    /// <summary>How many listeners of the cluster's it has open.</summary>
    internal int Listeners { get; set; }

    internal bool IsReady { get; set; }

    internal bool IsStopping { get; set; }

    /// <summary>How long its stop may take.</summary>
    internal TimeSpan StopTime { get; set; }
}
