using System.Diagnostics;
using System.Reflection;
using Microsoft.Extensions.Hosting;

namespace Prefork.Hook;

/// <summary>
/// Waits for the program to build its host, and makes it a worker's. Hosts tell of it by a diagnostic event, the one that design-time tools
/// and test hosts use, so that nothing of the program has to change.
/// </summary>
internal sealed class HookedProgram : IObserver<DiagnosticListener>, IObserver<KeyValuePair<string, object?>>
{
    internal static void Begin()
    {
        // The worker is online, and dies with its primary, from here on; outside of a cluster the program runs as it would without us.
        if (Cluster.IsWorker)
        {
            DiagnosticListener.AllListeners.Subscribe(new HookedProgram());
            if (WebHostProgram.Is(Assembly.GetEntryAssembly()))
            {
                HostingStartupVariable.Want();
            }
        }
    }

    public void OnNext(DiagnosticListener listener)
    {
        if (listener.Name == "Microsoft.Extensions.Hosting")
        {
            listener.Subscribe(this);
        }
    }

    public void OnNext(KeyValuePair<string, object?> value)
    {
        if (value is not { Key: "HostBuilding", Value: IHostBuilder builder })
        {
            return;
        }

        try
        {
            HookedHost.UseCluster(builder);
        }
        catch (FileNotFoundException exception) when (exception.FileName?.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal) == true)
        {
            // A host without ASP.NET Core, such as a worker service: there is nothing to share, and the primary says that nobody listens.
        }
    }

    public void OnCompleted()
    {
    }

    public void OnError(Exception error)
    {
    }
}
