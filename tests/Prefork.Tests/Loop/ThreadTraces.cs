using System.Diagnostics;
using System.Globalization;
using System.Security.Claims;

namespace Prefork.Tests.Loop;

/// <summary>What code can leave behind on a thread that it runs on.</summary>
internal static class ThreadTraces
{
    internal const string None = "Normal, background, no context, invariant culture, invariant user interface, flows, no local, no activity, no principal";

    private static readonly AsyncLocal<string?> s_local = new();

    internal static string Look() => string.Join(
        ", ",
        Thread.CurrentThread.Priority,
        Thread.CurrentThread.IsBackground ? "background" : "foreground",
        SynchronizationContext.Current is null ? "no context" : "a context",
        ReferenceEquals(CultureInfo.CurrentCulture, CultureInfo.InvariantCulture) ? "invariant culture" : "a culture",
        ReferenceEquals(CultureInfo.CurrentUICulture, CultureInfo.InvariantCulture) ? "invariant user interface" : "a culture of the user interface",
        ExecutionContext.IsFlowSuppressed() ? "does not flow" : "flows",
        s_local.Value ?? "no local",
        Activity.Current is null ? "no activity" : "an activity",
        Thread.CurrentPrincipal is null ? "no principal" : "a principal");

    internal static void Leave()
    {
        var thread = Thread.CurrentThread;
        thread.Name = "spoilt";
        thread.Priority = ThreadPriority.Lowest;
        thread.IsBackground = false;
        SynchronizationContext.SetSynchronizationContext(new SynchronizationContext());
        CultureInfo.CurrentCulture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        CultureInfo.CurrentUICulture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        s_local.Value = "a local";
        Activity.Current = new Activity("spoilt").Start();
        Thread.CurrentPrincipal = new ClaimsPrincipal();
        if (!ExecutionContext.IsFlowSuppressed())
        {
            ExecutionContext.SuppressFlow();
        }
    }
}
