namespace Prefork.IntegrationTests;

/// <summary>Where the build put the programs that the tests start.</summary>
internal static class Programs
{
    internal static string ClusterApp => Find("ClusterApp");

    internal static string ChecksApp => Find("ChecksApp");

    internal static string HelloCluster => Find("HelloCluster");

    internal static string WebCluster => Find("WebCluster");

    internal static string EchoCluster => Find("EchoCluster");

    internal static string SocketIoCluster => Find("SocketIoCluster");

    internal static string MixedLoad => Find("MixedLoad");

    internal static string SupervisorApp => Find("SupervisorApp");

    internal static string WebApp => Find("WebApp");

    /// <summary>Where all that is built goes.</summary>
    internal static string Artifacts => new DirectoryInfo(AppContext.BaseDirectory.TrimEnd('/')).Parent!.Parent!.Parent!.FullName;

    internal static bool IsInstalled(string command)
        => Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(folder => File.Exists(Path.Combine(folder, command)));

    /// <summary>artifacts/bin/{project}/{configuration}/{project}, beside our own.</summary>
    private static string Find(string project)
    {
        var own = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd('/'));
        return Path.Combine(own.Parent!.Parent!.FullName, project, own.Name, project);
    }
}
