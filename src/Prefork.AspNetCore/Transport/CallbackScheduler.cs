using System.IO.Pipelines;

namespace Prefork.AspNetCore.Transport;

/// <summary>
/// Where the application's continuations run. One that the loop's own work made ready runs on the loop, once the loop holds nothing;
/// every other goes to the thread pool, as does everything after a callback has kept the loop waiting (see <see cref="IoLoop"/>).
/// </summary>
internal sealed class CallbackScheduler : PipeScheduler
{
    internal static readonly CallbackScheduler Instance = new();

    public override void Schedule(Action<object?> action, object? state)
    {
        if (!IoLoop.TryKeep(action, state))
        {
            System.Threading.ThreadPool.UnsafeQueueUserWorkItem(action, state, preferLocal: false);
        }
    }
}
