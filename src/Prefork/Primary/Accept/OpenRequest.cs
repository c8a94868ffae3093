using System.Text.Json;
using Prefork.Native;
using Prefork.Wire;

namespace Prefork.Primary.Accept;

/// <summary>Somebody wants a listen point, and waits for it no longer than his deadline.</summary>
/// <param name="query">What is to be open.</param>
/// <param name="data">What goes to all workers that ask for the same; see <see cref="ListenHandle.Data"/>.</param>
/// <param name="policy">Who accepts, when it has to be opened.</param>
/// <param name="files">Where it is bound, when it has to be: the file system may have to be waited for.</param>
/// <param name="timeout">How long to wait for a file system.</param>
/// <param name="completed">Called on the loop, once: with the handle, or with what went wrong.</param>
internal sealed class OpenRequest(ListenQuery query, JsonElement data, SchedulingPolicy policy, BlockingShare files, TimeSpan timeout, Action<ListenHandle?, Exception?> completed)
{
    internal ListenQuery Query { get; } = query;

    internal JsonElement Data { get; } = data;

    internal SchedulingPolicy Policy { get; } = policy;

    internal BlockingShare Files { get; } = files;

    internal TimeSpan Timeout { get; } = timeout;

    /// <summary>Whether it only wants to know that the path leads to the listener, and nothing when there is none.</summary>
    internal bool OnlyLooks { get; init; }

    /// <summary>Those that wait for the same, this one among them; null when it does not wait.</summary>
    internal List<OpenRequest>? WaitsIn { get; set; }

    /// <summary>Runs from its first wait on.</summary>
    internal ITimer? Deadline { get; set; }

    internal void Complete(ListenHandle? handle, Exception? failure)
    {
        Deadline?.Dispose();
        completed(handle, failure);
    }
}
