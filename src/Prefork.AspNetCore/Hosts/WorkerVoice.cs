namespace Prefork.AspNetCore.Hosts;

/// <summary>What hosts hear of their worker, and say for it.</summary>
/// <param name="IsLeaving">Whether it is leaving, or has left.</param>
/// <param name="ExpectReady"><see cref="ClusterWorker.ExpectReady()"/>.</param>
/// <param name="SetReady"><see cref="ClusterWorker.SetReady"/>.</param>
/// <param name="Leave"><see cref="ClusterWorker.Disconnect"/>.</param>
internal sealed record WorkerVoice(Func<bool> IsLeaving, Action ExpectReady, Action SetReady, Action Leave);
